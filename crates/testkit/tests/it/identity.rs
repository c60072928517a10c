//! Tokens of everybody.

use ::identity::Subject;
use testkit::identity;
use vocabulary::CustomerId;

#[test]
fn everybody_has_a_token_that_says_who_they_are() {
    let identity = identity();
    let subject = |token: &str| identity.verifier().verify(token).unwrap().subject;
    let customer = identity.customer();
    assert!(
        matches!(subject(&customer.token), Subject::Customer { customer: id, .. } if id == customer.id)
    );
    let staff = identity.staff();
    assert!(matches!(subject(&staff.token), Subject::Staff { staff: id, .. } if id == staff.id));
    let service = identity.service("billing-service");
    assert_eq!(subject(&service.token), Subject::Service { name: "billing-service".to_owned() });
    let id = CustomerId::new();
    assert_eq!(identity.member_of(id).id, id);
}

#[test]
fn tokens_of_another_key_are_worth_nothing() {
    assert!(identity().verifier().verify(&identity().staff().token).is_err());
}
